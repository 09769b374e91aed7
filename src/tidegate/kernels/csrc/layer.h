// What the caller hands over for one layer: sizes, strides and pointers. Nothing here owns memory.
//
// Axis letters: T time, B batch, I inputs, H hidden units, D directions, G gates (the candidate counts as one).
#pragma once

#include <cstdint>

namespace tidegate {

// Raised whenever a structure that the caller hands over or a function's arguments change: a caller of other sources is
// told apart by it.
inline constexpr std::int64_t abi = 1;

template <class T> struct Direction {
  const T *weight_ih, *weight_hh; // (G H, I), (G H, H), contiguous; weight_hh null for a cell without recurrent weights
  const T *bias_ih, *bias_hh;     // (G H), or null
  const T *peephole;              // (peepholes, H), or null
  const T *h0, *c0;               // (B, H), or null for zeros
  const T *packed;                // what `pack` made of the weights, or null to pack in the workspace
  T *y;                           // (T, B, H) with the layer's strides
  T *hn, *cn;                     // (B, H)
  T *saved;                       // what backward reads, or null for inference
  // For backward; every result may be null where it is not wanted.
  const T *dy;                    // (T, B, H) with the layer's strides, or null for zeros
  const T *dhn, *dcn;             // (B, H), or null for zeros
  T *dh0, *dc0;                   // (B, H)
  T *dweight_ih, *dweight_hh;     // like the weights
  T *dbias_ih, *dbias_hh;         // like the biases
  T *dpeephole;                   // like the peepholes
  double *norms;                  // (states, T): squared norms of the gradients of h_t and c_t, or null
  std::int64_t *saturated;        // (G, 2, T): gates within `margin` of their lower and upper limit, or null
  std::int64_t reverse;
};

template <class T> struct Layer {
  std::int64_t time, batch, inputs, hidden;
  const T *x;                                                       // (T, B, I), features contiguous
  std::int64_t x_time, x_batch, y_time, y_batch, dy_time, dy_batch; // strides in entries
  T *dx;                                                            // (T, B, I), contiguous
  const std::int64_t *lengths;                                      // (B), or null for T everywhere
  const std::int64_t *order;                   // rows, longest first; null exactly when lengths is
  void *workspace;                             // as many bytes as the operation asks for
  std::int64_t threads, directions, recompute; // recompute: gates are not saved but computed again
  double margin;                               // how near a limit a gate counts as saturated
  Direction<T> direction[2];
};

// How much memory a layer's work wants.
struct Sizes {
  std::int64_t forward_bytes, backward_bytes; // of workspace
  std::int64_t saved_entries, packed_entries; // of `saved` and `packed` of one direction
};

} // namespace tidegate
