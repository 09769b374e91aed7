// Exports of the recurrence: for each cell and type how much workspace it wants, packing, forward and backward.
#pragma once

#include "backward.h"
#include "export.h"

#define TIDEGATE_RECURRENCE(noun, ...)                                                                                 \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, forward)(const tidegate::Layer<TIDEGATE_TYPE> *layer) {                     \
    using T = TIDEGATE_TYPE;                                                                                           \
    tidegate::forward<__VA_ARGS__>(*layer);                                                                            \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, backward)(const tidegate::Layer<TIDEGATE_TYPE> *layer) {                    \
    using T = TIDEGATE_TYPE;                                                                                           \
    tidegate::backward<__VA_ARGS__>(*layer);                                                                           \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, sizes)(const tidegate::Layer<TIDEGATE_TYPE> *layer, std::int64_t *sizes) {  \
    using T = TIDEGATE_TYPE;                                                                                           \
    tidegate::sizes<__VA_ARGS__>(*layer, sizes);                                                                       \
  }                                                                                                                    \
  TIDEGATE_EXPORT void TIDEGATE_NAME(noun, pack)(const tidegate::Layer<TIDEGATE_TYPE> *layer, TIDEGATE_TYPE *packed) { \
    using T = TIDEGATE_TYPE;                                                                                           \
    tidegate::pack<__VA_ARGS__>(*layer, packed);                                                                       \
  }                                                                                                                    \
  TIDEGATE_EXPORT int TIDEGATE_NAME(noun, matches)(const tidegate::Layer<TIDEGATE_TYPE> *layer, TIDEGATE_TYPE *packed) { \
    using T = TIDEGATE_TYPE;                                                                                           \
    return tidegate::matches<__VA_ARGS__>(*layer, packed);                                                             \
  }

// How large the caller's structure must be: a library of other sources would read past its end.
TIDEGATE_EXPORT std::int64_t TIDEGATE_NAME(layer, bytes)() { return sizeof(tidegate::Layer<TIDEGATE_TYPE>); }

namespace tidegate {

// Bytes of forward's and backward's workspace, then entries of `saved` and of `packed` for one direction.
template <class Cell, class T> void sizes(const Layer<T> &layer, std::int64_t *sizes) {
  Workspace space(nullptr);
  const Packed<Cell, T> packed(space, layer);
  sizes[0] = ForwardSpace<Cell, T>(layer, nullptr).space.bytes();
  sizes[1] = BackwardSpace<Cell, T>(layer, nullptr).space.bytes();
  sizes[2] = layer.time * layer.batch * padded<T>(layer.hidden) * saved_slots<Cell>(layer);
  sizes[3] = space.bytes() / static_cast<std::int64_t>(sizeof(T));
}

// Packs the weights of the first direction.
template <class Cell, class T> void pack(const Layer<T> &layer, T *packed) {
  Workspace space(packed);
  const Packed<Cell, T> made(space, layer);
  made.fill(layer, layer.direction[0]);
  made.remember(layer, layer.direction[0]);
}

// Whether `packed` was made of the weights that the first direction has now.
template <class Cell, class T> int matches(const Layer<T> &layer, T *packed) {
  Workspace space(packed);
  return Packed<Cell, T>(space, layer).matches(layer, layer.direction[0]);
}

} // namespace tidegate
