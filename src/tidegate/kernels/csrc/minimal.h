// The minimal cells, whose gates do not see the state: Feng et al. 2024, arXiv:2410.01201.
#pragma once

#include "activation.h"
#include "cell.h"

namespace tidegate {

// g(x) = x + 0.5 for x >= 0 and sigma(x) below (appendix B.3), or x itself.
template <class T, bool Positive> inline Values<T> candidate_of(Values<T> sum) {
  if constexpr (!Positive) return sum;
  const Values<T> below = sigmoid<T>(sum);
  return sum >= 0 ? sum + T(0.5) : below;
}

// g' from g: 1 where x >= 0, that is g >= 0.5.
template <class T, bool Positive> inline Values<T> candidate_slope(Values<T> made) {
  if constexpr (!Positive) return all<T>(1);
  return made >= T(0.5) ? all<T>(1) : made * (1 - made);
}

// h_t = (1 - update_t) * h_{t-1} + update_t * candidate_t: section 3.1.3.
template <class T, bool Positive> struct MinGru {
  using V = Values<T>;
  static constexpr int gates = 2, slots = 2, saved = 2, deltas = 2, peepholes = 0, span = 1;
  static constexpr int lower[] = {0, 1};
  static constexpr bool has_cell = false, split = false, recurrent = false, two_stage = false, carries = true;

  static void forward(const ForwardReads<MinGru> &in, ForwardWrites<MinGru> &out) {
    const V update = sigmoid<T>(in.sums[0]), candidate = candidate_of<T, Positive>(in.sums[1]);
    out.h = (1 - update) * in.h_before + update * candidate;
    out.kept[0] = update, out.kept[1] = candidate;
  }

  static void backward(const BackwardReads<MinGru> &in, BackwardWrites<MinGru> &out) {
    const V update = in.kept[0], candidate = in.kept[1];
    out.deltas[0] = out.dh * (candidate - in.h_before) * update * (1 - update);
    out.deltas[1] = out.dh * update * candidate_slope<T, Positive>(candidate);
    out.dh *= 1 - update;
  }
};

// h_t = forget_t * h_{t-1} + input_t * candidate_t (section 3.2); normalised: both gates divided by their sum (3.2.3).
template <class T, bool Positive, bool Normalised> struct MinLstm {
  using V = Values<T>;
  static constexpr int gates = 3, slots = 3, deltas = 3, peepholes = 0, span = 1;
  static constexpr int saved = Normalised ? 5 : 3; // input, forget, candidate, then the gates' sums
  static constexpr int lower[] = {0, 0, 1};
  static constexpr bool has_cell = false, split = false, recurrent = false, two_stage = false, carries = true;

  static void forward(const ForwardReads<MinLstm> &in, ForwardWrites<MinLstm> &out) {
    V input, forget;
    const V candidate = candidate_of<T, Positive>(in.sums[2]);
    if constexpr (Normalised) {
      // sigma(a) = exp(min(a, 0)) / (1 + exp(-|a|)): the larger of the two exponentials is taken out of both, so that
      // their quotient holds where both are too small for a number.
      const V a = in.sums[0], b = in.sums[1], lower_a = a < 0 ? a : V{}, lower_b = b < 0 ? b : V{};
      const V larger = lower_a > lower_b ? lower_a : lower_b;
      const V of_input = exp_of_negative<T>(lower_a - larger) / (1 + exp_of_negative<T>(-magnitude<T>(a)));
      const V of_forget = exp_of_negative<T>(lower_b - larger) / (1 + exp_of_negative<T>(-magnitude<T>(b)));
      const V both = of_input + of_forget;
      input = of_input / both, forget = of_forget / both;
      out.kept[3] = a, out.kept[4] = b;
    } else {
      input = sigmoid<T>(in.sums[0]), forget = sigmoid<T>(in.sums[1]);
    }
    out.h = forget * in.h_before + input * candidate;
    out.kept[0] = input, out.kept[1] = forget, out.kept[2] = candidate;
  }

  static void backward(const BackwardReads<MinLstm> &in, BackwardWrites<MinLstm> &out) {
    const V input = in.kept[0], forget = in.kept[1], candidate = in.kept[2];
    if constexpr (Normalised) { // d odds: the slope of sigma at odds, then that of log sigma, 1 - sigma
      const V of_odds = out.dh * (in.h_before - candidate) * forget * input;
      out.deltas[0] = -of_odds * (1 - sigmoid<T>(in.kept[3]));
      out.deltas[1] = of_odds * (1 - sigmoid<T>(in.kept[4]));
    } else {
      out.deltas[0] = out.dh * candidate * input * (1 - input);
      out.deltas[1] = out.dh * in.h_before * forget * (1 - forget);
    }
    out.deltas[2] = out.dh * input * candidate_slope<T, Positive>(candidate);
    out.dh *= forget;
  }
};

} // namespace tidegate
