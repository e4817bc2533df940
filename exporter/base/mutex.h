#pragma once

#include <condition_variable>
#include <mutex>

// Mutexes whose use clang checks: -Wthread-safety refuses a GUARDED_BY member that is touched, and
// a REQUIRES function that is called, without its mutex. Other compilers ignore the attributes.
#if defined(__clang__)
#define USAGE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define USAGE_THREAD_ATTRIBUTE(x)
#endif

#define CAPABILITY(name) USAGE_THREAD_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY USAGE_THREAD_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(mutex) USAGE_THREAD_ATTRIBUTE(guarded_by(mutex))
#define REQUIRES(...) USAGE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) USAGE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) USAGE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace usage {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds the mutex for its own life, except from unlock() to lock().
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() RELEASE() {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() ACQUIRE() { lock_.lock(); }
  void unlock() RELEASE() { lock_.unlock(); }

  // Call it in a loop that tests the condition: clang does not see that a lambda holds the mutex.
  // std::condition_variable_any takes the MutexLock itself.
  void wait(std::condition_variable& changed) { changed.wait(lock_); }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace usage
