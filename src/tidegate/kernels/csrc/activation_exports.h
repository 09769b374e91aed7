// exp, sigmoid and tanh of an array: what the tests of activation.h call.
#pragma once

#include <algorithm>

#include "activation.h"
#include "export.h"

namespace tidegate {

template <class T, class Function>
inline void each_register(const T *from, T *to, std::int64_t count, Function function) {
  for (std::int64_t at = 0; at < count; at += lanes<T>) {
    const int units = static_cast<int>(std::min<std::int64_t>(count - at, lanes<T>));
    store(to + at, function(load(from + at, units)), units);
  }
}

} // namespace tidegate

#define TIDEGATE_ACTIVATION(name)                                                                                      \
  TIDEGATE_EXPORT void TIDEGATE_NAME(name, forward)(const TIDEGATE_TYPE *from, TIDEGATE_TYPE *to,                      \
                                                    std::int64_t count) {                                              \
    tidegate::each_register(from, to, count, tidegate::name<TIDEGATE_TYPE>);                                           \
  }
