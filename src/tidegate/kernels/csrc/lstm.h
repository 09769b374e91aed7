// LSTM, one register of units: input, forget (absent when coupled to the input gate), candidate, output.
#pragma once

#include "activation.h"

namespace tidegate {

template <class T, bool Peepholes, bool Coupled> struct Lstm {
  using V = Values<T>;
  static constexpr int gates = Coupled ? 3 : 4;     // row blocks of the weights
  static constexpr int slots = gates;               // sums per unit
  static constexpr int saved = gates + 1;           // kept for the backward pass: the gates and, last, c_t
  static constexpr int deltas = gates;              // gradients of the sums
  static constexpr int peepholes = Peepholes ? (Coupled ? 2 : 3) : 0;
  static constexpr int span = 1;
  static constexpr bool has_cell = true, split = false, recurrent = true, two_stage = false;
  static constexpr int candidate_slot = Coupled ? 1 : 2, output_slot = Coupled ? 2 : 3;
  static constexpr int output_peephole = Coupled ? 1 : 2;
  static constexpr int lower[] = {0, Coupled ? -1 : 0, Coupled ? 0 : -1, 0}; // as in watch.h

  // (1) c = forget c + input candidate; (2) h = output tanh(c); with peepholes input and forget see the old c, output
  // the new one.
  static void forward(const V *sums, const V *peephole, V &h, V &c, V *kept) {
    const V input = sigmoid<T>(Peepholes ? sums[0] + peephole[0] * c : sums[0]);
    V forget;
    if constexpr (Coupled) {
      forget = 1 - input;
    } else {
      forget = sigmoid<T>(Peepholes ? sums[1] + peephole[1] * c : sums[1]);
      kept[1] = forget;
    }
    const V candidate = tanh<T>(sums[candidate_slot]);
    c = forget * c + input * candidate;
    const V output = sigmoid<T>(Peepholes ? sums[output_slot] + peephole[output_peephole] * c : sums[output_slot]);
    h = output * tanh<T>(c);
    kept[0] = input, kept[candidate_slot] = candidate, kept[output_slot] = output, kept[gates] = c;
  }

  // dh, dc: gradients of h_t and c_t; on return those of c_{t-1}, and of h_{t-1} what does not pass through the sums.
  // whole: the gradient of c_t with what comes through h_t.
  static void backward(const V *kept, const V *peephole, V, V, V c_before, V &dh, V &dc, V *deltas, V *dpeephole,
                       V &whole) {
    const V input = kept[0], candidate = kept[candidate_slot], output = kept[output_slot], c = kept[gates];
    const V squashed = tanh<T>(c);
    const V of_output = dh * squashed * output * (1 - output);
    dc += dh * output * (1 - squashed * squashed);
    if constexpr (Peepholes) dc += of_output * peephole[output_peephole];
    whole = dc;
    const V of_candidate = dc * input * (1 - candidate * candidate);
    V of_input, of_forget{}, carried;
    if constexpr (Coupled) {
      of_input = dc * (candidate - c_before) * input * (1 - input);
      carried = dc * (1 - input);
    } else {
      const V forget = kept[1];
      of_input = dc * candidate * input * (1 - input);
      of_forget = dc * c_before * forget * (1 - forget);
      carried = dc * forget;
      deltas[1] = of_forget;
    }
    if constexpr (Peepholes) {
      carried += of_input * peephole[0];
      dpeephole[0] += of_input * c_before;
      if constexpr (!Coupled) {
        carried += of_forget * peephole[1];
        dpeephole[1] += of_forget * c_before;
      }
      dpeephole[output_peephole] += of_output * c;
    }
    deltas[0] = of_input, deltas[candidate_slot] = of_candidate, deltas[output_slot] = of_output;
    dc = carried;
    dh = V{};
  }
};

} // namespace tidegate
