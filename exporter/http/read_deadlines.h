#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace usage {

// Ends the reading of bodies at a deadline. civetweb bounds the pause between two
// bytes but not the number of pauses: a client that sends a byte now and then would hold a worker
// for hours. Thread-safe.
class ReadDeadlines {
 public:
  using Steady = std::chrono::steady_clock;

  ReadDeadlines();
  ~ReadDeadlines();  // after the last watch
  ReadDeadlines(const ReadDeadlines&) = delete;
  ReadDeadlines& operator=(const ReadDeadlines&) = delete;

 private:
  struct Entry {
    int port, peer_port;
    Steady::time_point deadline;
    bool over = false;
  };
  using Entries = std::list<Entry>;

 public:
  // Watches one connection, from the server's port to the client's, while it lives. At the deadline
  // it shuts down the read side; responses still reach the client.
  class Watch {
   public:
    Watch(ReadDeadlines& owner, int port, int peer_port, Steady::duration patience);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    ReadDeadlines& owner_;
    Entries::iterator entry_;
  };

 private:
  void run();

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Entries entries_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace usage
