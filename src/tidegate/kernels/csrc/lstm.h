// LSTM: input, forget (absent when coupled to the input gate), candidate, output.
#pragma once

#include "activation.h"
#include "cell.h"

namespace tidegate {

template <class T, bool Peepholes, bool Coupled> struct Lstm {
  using V = Values<T>;
  static constexpr int gates = Coupled ? 3 : 4, slots = gates, deltas = gates;
  static constexpr int saved = gates + 1; // the gates and, last, c_t
  static constexpr int peepholes = Peepholes ? (Coupled ? 2 : 3) : 0, span = 1;
  static constexpr int lower[] = {0, Coupled ? -1 : 0, Coupled ? 0 : -1, 0};
  static constexpr bool has_cell = true, split = false, recurrent = true, two_stage = false, carries = false;
  static constexpr int candidate_slot = Coupled ? 1 : 2, output_slot = Coupled ? 2 : 3;
  static constexpr int output_peephole = Coupled ? 1 : 2;

  // (1) c = forget c + input candidate; (2) h = output tanh(c); with peepholes input and forget see the old c, output
  // the new one.
  static void forward(const ForwardReads<Lstm> &in, ForwardWrites<Lstm> &out) {
    const V c_before = in.c_before;
    const V input = sigmoid<T>(Peepholes ? in.sums[0] + in.peephole[0] * c_before : in.sums[0]);
    V forget;
    if constexpr (Coupled) {
      forget = 1 - input;
    } else {
      forget = sigmoid<T>(Peepholes ? in.sums[1] + in.peephole[1] * c_before : in.sums[1]);
      out.kept[1] = forget;
    }
    const V candidate = tanh<T>(in.sums[candidate_slot]);
    const V c = forget * c_before + input * candidate;
    V of_output = in.sums[output_slot];
    if constexpr (Peepholes) of_output += in.peephole[output_peephole] * c;
    const V output = sigmoid<T>(of_output);
    out.h = output * tanh<T>(c), out.c = c;
    out.kept[0] = input, out.kept[candidate_slot] = candidate, out.kept[output_slot] = output, out.kept[gates] = c;
  }

  static void backward(const BackwardReads<Lstm> &in, BackwardWrites<Lstm> &out) {
    const V input = in.kept[0], candidate = in.kept[candidate_slot], output = in.kept[output_slot], c = in.kept[gates];
    const V squashed = tanh<T>(c), c_before = in.c_before;
    const V of_output = out.dh * squashed * output * (1 - output);
    V dc = out.dc + out.dh * output * (1 - squashed * squashed);
    if constexpr (Peepholes) dc += of_output * in.peephole[output_peephole];
    const V of_candidate = dc * input * (1 - candidate * candidate);
    V of_input, of_forget{}, carried;
    if constexpr (Coupled) {
      of_input = dc * (candidate - c_before) * input * (1 - input);
      carried = dc * (1 - input);
    } else {
      const V forget = in.kept[1];
      of_input = dc * candidate * input * (1 - input);
      of_forget = dc * c_before * forget * (1 - forget);
      carried = dc * forget;
      out.deltas[1] = of_forget;
    }
    if constexpr (Peepholes) {
      carried += of_input * in.peephole[0];
      out.dpeephole[0] += of_input * c_before;
      if constexpr (!Coupled) {
        carried += of_forget * in.peephole[1];
        out.dpeephole[1] += of_forget * c_before;
      }
      out.dpeephole[output_peephole] += of_output * c;
    }
    out.deltas[0] = of_input, out.deltas[candidate_slot] = of_candidate, out.deltas[output_slot] = of_output;
    out.whole_c = dc, out.dc = carried;
  }
};

} // namespace tidegate
