// Working memory, which the caller provides: each operation lays its arrays out twice, once to learn the size.
#pragma once

#include <cstdint>

namespace tidegate {

class Workspace {
public:
  explicit Workspace(void *at) : at_(static_cast<char *>(at)) {}

  // Room for `count` entries, at a multiple of 64 bytes; null while only measuring.
  template <class T> T *take(std::int64_t count) {
    char *here = at_ ? at_ + bytes_ : nullptr;
    bytes_ += (count * static_cast<std::int64_t>(sizeof(T)) + 63) / 64 * 64;
    return reinterpret_cast<T *>(here);
  }

  // How much has been taken.
  std::int64_t bytes() const { return bytes_; }
  template <class T> std::int64_t entries() const { return bytes_ / static_cast<std::int64_t>(sizeof(T)); }

private:
  char *at_;
  std::int64_t bytes_ = 0;
};

} // namespace tidegate
