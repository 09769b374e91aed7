// Exports of the recurrence: for each cell and type how much workspace it wants, packing, forward and backward.
#pragma once

#include "backward.h"
#include "export.h"
#include "forward.h"

#define TIDEGATE_RECURRENCE(noun, ...)                                                                                 \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, forward)(const tidegate::Layer<TIDEGATE_TYPE> *layer) {                     \
    using T = TIDEGATE_TYPE;                                                                                           \
    tidegate::forward<__VA_ARGS__>(*layer);                                                                            \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, backward)(const tidegate::Layer<TIDEGATE_TYPE> *layer) {                    \
    using T = TIDEGATE_TYPE;                                                                                           \
    tidegate::backward<__VA_ARGS__>(*layer);                                                                           \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, sizes)(const tidegate::Layer<TIDEGATE_TYPE> *layer,                         \
                                                  tidegate::Sizes *sizes) {                                            \
    using T = TIDEGATE_TYPE;                                                                                           \
    *sizes = tidegate::sizes<__VA_ARGS__>(*layer);                                                                     \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, pack)(const tidegate::Layer<TIDEGATE_TYPE> *layer, TIDEGATE_TYPE *packed) { \
    using T = TIDEGATE_TYPE;                                                                                           \
    tidegate::pack<__VA_ARGS__>(*layer, packed);                                                                       \
  }                                                                                                                    \
  TIDEGATE_EXPORT int TIDEGATE_NAME(noun, matches)(const tidegate::Layer<TIDEGATE_TYPE> *layer,                        \
                                                   TIDEGATE_TYPE *packed) {                                            \
    using T = TIDEGATE_TYPE;                                                                                           \
    return tidegate::matches<__VA_ARGS__>(*layer, packed);                                                             \
  }

// How large the caller's structure must be: a library of other sources would read past its end.
TIDEGATE_EXPORT std::int64_t TIDEGATE_NAME(layer, bytes)() { return sizeof(tidegate::Layer<TIDEGATE_TYPE>); }

namespace tidegate {

template <class Cell, class T> Sizes sizes(const Layer<T> &layer) {
  Workspace kept(nullptr);
  const Kept<Cell, T> measured(kept, layer);
  return {ForwardSpace<Cell, T>(layer, nullptr).space.bytes(), BackwardSpace<Cell, T>(layer, nullptr).space.bytes(),
          layer.time * layer.batch * padded<T>(layer.hidden) * saved_slots<Cell>(layer),
          kept.entries<T>()};
}

// Packs the weights of the first direction.
template <class Cell, class T> void pack(const Layer<T> &layer, T *packed) {
  Workspace space(packed);
  Kept<Cell, T>(space, layer).fill(layer, layer.direction[0]);
}

// Whether `packed` was made of the weights that the first direction has now.
template <class Cell, class T> int matches(const Layer<T> &layer, T *packed) {
  Workspace space(packed);
  return Kept<Cell, T>(space, layer).matches(layer, layer.direction[0]);
}

} // namespace tidegate
