// The gated recurrent unit: reset, update, candidate.
//
// h_t = (1 - update_t) * candidate_t + update_t * h_{t-1}: Cho et al. 2014, (7).
#pragma once

#include "activation.h"
#include "cell.h"

namespace tidegate {

// The reset gate after the recurrent product: candidate_t = tanh(W x_t + b + reset_t * (R h_{t-1} + r)).
template <class T> struct GruAfter {
  using V = Values<T>;
  static constexpr int gates = 3;
  static constexpr int slots = 4;  // reset, update, candidate from the input, candidate from the state
  static constexpr int saved = 4;  // reset, update, candidate, and the candidate's recurrent sum
  static constexpr int deltas = 4; // reset, update, candidate times reset, candidate
  static constexpr int peepholes = 0, span = 1;
  static constexpr int lower[] = {0, 0, -1};
  static constexpr bool has_cell = false, split = true, recurrent = true, two_stage = false, carries = true;

  static void forward(const ForwardReads<GruAfter> &in, ForwardWrites<GruAfter> &out) {
    const V reset = sigmoid<T>(in.sums[0]), update = sigmoid<T>(in.sums[1]), recurrent_sum = in.sums[3];
    const V candidate = tanh<T>(in.sums[2] + reset * recurrent_sum);
    out.h = candidate + update * (in.h_before - candidate);
    out.kept[0] = reset, out.kept[1] = update, out.kept[2] = candidate, out.kept[3] = recurrent_sum;
  }

  static void backward(const BackwardReads<GruAfter> &in, BackwardWrites<GruAfter> &out) {
    const V reset = in.kept[0], update = in.kept[1], candidate = in.kept[2], recurrent_sum = in.kept[3];
    const V inner = out.dh * (1 - update) * (1 - candidate * candidate);
    out.deltas[0] = inner * recurrent_sum * reset * (1 - reset);
    out.deltas[1] = out.dh * (in.h_before - candidate) * update * (1 - update);
    out.deltas[2] = inner * reset;
    out.deltas[3] = inner;
    out.dh *= update;
  }
};

// The reset gate before it: candidate_t = tanh(W x_t + b + R (reset_t * h_{t-1}) + r). The gates of all units open
// before the candidate of any is known.
template <class T> struct GruBefore {
  using V = Values<T>;
  static constexpr int gates = 3, slots = 3, saved = 3, deltas = 3, peepholes = 0, span = 1;
  static constexpr int lower[] = {0, 0, -1};
  static constexpr bool has_cell = false, split = false, recurrent = true, two_stage = true, carries = true;

  // Returns reset_t * h_{t-1}.
  static V open(const ForwardReads<GruBefore> &in, ForwardWrites<GruBefore> &out) {
    out.kept[0] = sigmoid<T>(in.sums[0]), out.kept[1] = sigmoid<T>(in.sums[1]), out.kept[2] = V{};
    return out.kept[0] * in.h_before;
  }

  static void close(const ForwardReads<GruBefore> &in, ForwardWrites<GruBefore> &out) {
    const V update = out.kept[1], candidate = tanh<T>(in.sums[2]);
    out.h = candidate + update * (in.h_before - candidate);
    out.kept[2] = candidate;
  }

  static void backward(const BackwardReads<GruBefore> &in, BackwardWrites<GruBefore> &out) {
    const V update = in.kept[1], candidate = in.kept[2];
    out.deltas[0] = V{}; // backward_open's
    out.deltas[1] = out.dh * (in.h_before - candidate) * update * (1 - update);
    out.deltas[2] = out.dh * (1 - update) * (1 - candidate * candidate);
    out.dh *= update;
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
  static constexpr int lower[] = {0, -1};
  static constexpr bool has_cell = false, split = false, recurrent = true, two_stage = false, carries = true;

  static void forward(const ForwardReads<GruAbsent> &in, ForwardWrites<GruAbsent> &out) {
    const V update = sigmoid<T>(in.sums[0]), candidate = tanh<T>(in.sums[1]);
    out.h = candidate + update * (in.h_before - candidate);
    out.kept[0] = update, out.kept[1] = candidate;
  }

  static void backward(const BackwardReads<GruAbsent> &in, BackwardWrites<GruAbsent> &out) {
    const V update = in.kept[0], candidate = in.kept[1];
    out.deltas[0] = out.dh * (in.h_before - candidate) * update * (1 - update);
    out.deltas[1] = out.dh * (1 - update) * (1 - candidate * candidate);
    out.dh *= update;
  }
};

} // namespace tidegate
