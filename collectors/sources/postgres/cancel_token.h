#pragma once

namespace usage::postgres {

// An event that any thread may raise, once and for ever; poll() can wait for it.
class CancelToken {
 public:
  CancelToken();
  ~CancelToken();
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  void raise() noexcept;
  bool raised() const;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace usage::postgres
