// How a function is made visible to whoever loads the library; everything else in it stays hidden.
#pragma once

#if defined(_WIN32)
#define TIDEGATE_EXPORT extern "C" __declspec(dllexport)
#else
#define TIDEGATE_EXPORT extern "C" __attribute__((visibility("default")))
#endif

// tidegate_<noun>_<operation>_<suffix>, for the type that is being compiled.
#define TIDEGATE_JOINED(noun, operation, suffix) tidegate_##noun##_##operation##_##suffix
#define TIDEGATE_NAMED(noun, operation, suffix) TIDEGATE_JOINED(noun, operation, suffix)
#define TIDEGATE_NAME(noun, operation) TIDEGATE_NAMED(noun, operation, TIDEGATE_SUFFIX)
