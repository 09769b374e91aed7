// A register's worth of numbers, in GCC's and Clang's vector extension: one source for every instruction set.
#pragma once

#include <cstdint>
#include <cstring>

#ifndef TIDEGATE_VECTOR_BYTES
#define TIDEGATE_VECTOR_BYTES 16
#endif

namespace tidegate {

template <class T> struct Vector;

template <> struct Vector<float> {
  static constexpr int lanes = TIDEGATE_VECTOR_BYTES / 4;
  typedef float type __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
  typedef std::int32_t bits __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
};

template <> struct Vector<double> {
  static constexpr int lanes = TIDEGATE_VECTOR_BYTES / 8;
  typedef double type __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
  typedef std::int64_t bits __attribute__((vector_size(TIDEGATE_VECTOR_BYTES)));
};

template <class T> using Values = typename Vector<T>::type;
template <class T> using Bits = typename Vector<T>::bits;
template <class T> inline constexpr int lanes = Vector<T>::lanes;

template <class T> inline Values<T> load(const T *from) {
  Values<T> values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

template <class T> inline void store(T *to, Values<T> values) { std::memcpy(to, &values, sizeof values); }

// Subtracting 0 changes nothing, not even -0, and so costs nothing.
template <class T> inline Values<T> all(T value) { return value - Values<T>{}; }

// The first `count` lanes; the others are 0.
template <class T> inline Values<T> load(const T *from, int count) {
  if (count >= lanes<T>) return load(from);
  alignas(TIDEGATE_VECTOR_BYTES) T padded[lanes<T>] = {};
  for (int lane = 0; lane < count; ++lane) padded[lane] = from[lane];
  return load(padded);
}

template <class T> inline void store(T *to, Values<T> values, int count) {
  if (count >= lanes<T>) return store(to, values);
  for (int lane = 0; lane < count; ++lane) to[lane] = values[lane];
}

template <class To, class From> inline To as_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

} // namespace tidegate
