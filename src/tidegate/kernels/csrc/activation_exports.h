// exp, sigmoid and tanh of an array: what the tests of activation.h call.
#pragma once

#include "activation.h"
#include "export.h"

#define TIDEGATE_ACTIVATION(name)                                                                                      \
  TIDEGATE_EXPORT void TIDEGATE_NAME(name, forward)(const TIDEGATE_TYPE *from, TIDEGATE_TYPE *to, std::int64_t count) { \
    constexpr int width = tidegate::lanes<TIDEGATE_TYPE>;                                                              \
    for (std::int64_t i = 0; i < count; i += width) {                                                                  \
      const int n = static_cast<int>(count - i < width ? count - i : width);                                           \
      tidegate::store(to + i, tidegate::name<TIDEGATE_TYPE>(tidegate::load(from + i, n)), n);                          \
    }                                                                                                                  \
  }
