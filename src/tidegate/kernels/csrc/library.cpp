// What a library says of itself; linked into each of them.
#include "export.h"
#include "layer.h"

// Returns the width of its vectors in bytes.
TIDEGATE_EXPORT int tidegate_vector_bytes() { return TIDEGATE_VECTOR_BYTES; }

// Returns the number of the interface that its functions have.
TIDEGATE_EXPORT std::int64_t tidegate_abi() { return tidegate::abi; }
