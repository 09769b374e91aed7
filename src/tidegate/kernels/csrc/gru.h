// The gated recurrent unit, one register of units: reset, update, candidate.
#pragma once

#include "activation.h"

namespace tidegate {

// The reset gate after the recurrent product: candidate_t = tanh(W x_t + b + reset_t * (R h_{t-1} + r)).
template <class T> struct GruAfter {
  using V = Values<T>;
  static constexpr int gates = 3;
  static constexpr int slots = 4;  // reset, update, candidate from the input, candidate from the state
  static constexpr int saved = 4;  // reset, update, candidate, and the candidate's recurrent sum
  static constexpr int deltas = 4; // reset, update, candidate times reset, candidate
  static constexpr int peepholes = 0, span = 1;
  static constexpr int lower[] = {0, 0, -1}; // as in watch.h
  static constexpr bool has_cell = false, split = true, recurrent = true, two_stage = false;

  // h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}: Cho et al. 2014, (7).
  static void forward(const V *sums, const V *, V &h, V &, V *kept) {
    const V reset = sigmoid<T>(sums[0]), update = sigmoid<T>(sums[1]);
    const V candidate = tanh<T>(sums[2] + reset * sums[3]);
    h = candidate + update * (h - candidate);
    kept[0] = reset, kept[1] = update, kept[2] = candidate, kept[3] = sums[3];
  }

  static void backward(const V *kept, const V *, V, V h_before, V, V &dh, V &, V *deltas, V *, V &) {
    const V reset = kept[0], update = kept[1], candidate = kept[2], recurrent_sum = kept[3];
    const V inner = dh * (1 - update) * (1 - candidate * candidate);
    deltas[0] = inner * recurrent_sum * reset * (1 - reset);
    deltas[1] = dh * (h_before - candidate) * update * (1 - update);
    deltas[2] = inner * reset;
    deltas[3] = inner;
    dh *= update;
  }
};

// The reset gate before it: candidate_t = tanh(W x_t + b + R (reset_t * h_{t-1}) + r). The gates of all units open
// before the candidate of any is known.
template <class T> struct GruBefore {
  using V = Values<T>;
  static constexpr int gates = 3, slots = 3, saved = 3, deltas = 3, peepholes = 0, span = 1;
  static constexpr int lower[] = {0, 0, -1}; // as in watch.h
  static constexpr bool has_cell = false, split = false, recurrent = true, two_stage = true;

  // Returns reset_t * h_{t-1}.
  static V open(const V *sums, V h, V *kept) {
    kept[0] = sigmoid<T>(sums[0]), kept[1] = sigmoid<T>(sums[1]), kept[2] = V{};
    return kept[0] * h;
  }

  static void close(V sum, V &h, V *kept) {
    const V candidate = tanh<T>(sum);
    h = candidate + kept[1] * (h - candidate);
    kept[2] = candidate;
  }

  static void backward_close(const V *kept, V h_before, V &dh, V *deltas) {
    const V update = kept[1], candidate = kept[2];
    deltas[0] = V{}; // backward_open's
    deltas[1] = dh * (h_before - candidate) * update * (1 - update);
    deltas[2] = dh * (1 - update) * (1 - candidate * candidate);
    dh *= update;
  }

  // Returns the gradient of the reset gate's sum from that of reset_t * h_{t-1}.
  static V backward_open(V reset, V h_before, V of_gated, V &dh) {
    dh += of_gated * reset;
    return of_gated * h_before * reset * (1 - reset);
  }
};

// The update gate alone.
template <class T> struct GruAbsent {
  using V = Values<T>;
  static constexpr int gates = 2, slots = 2, saved = 2, deltas = 2, peepholes = 0, span = 1;
  static constexpr int lower[] = {0, -1}; // as in watch.h
  static constexpr bool has_cell = false, split = false, recurrent = true, two_stage = false;

  static void forward(const V *sums, const V *, V &h, V &, V *kept) {
    const V update = sigmoid<T>(sums[0]), candidate = tanh<T>(sums[1]);
    h = candidate + update * (h - candidate);
    kept[0] = update, kept[1] = candidate;
  }

  static void backward(const V *kept, const V *, V, V h_before, V, V &dh, V &, V *deltas, V *, V &) {
    const V update = kept[0], candidate = kept[1];
    deltas[0] = dh * (h_before - candidate) * update * (1 - update);
    deltas[1] = dh * (1 - update) * (1 - candidate * candidate);
    dh *= update;
  }
};

} // namespace tidegate
