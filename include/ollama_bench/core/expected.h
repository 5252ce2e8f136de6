#pragma once

#include <tl/expected.hpp>

namespace ollama_bench {

/// A value, or why there is none. tl::expected until C++23's std::expected is the floor.
template <class T, class E>
using Expected = tl::expected<T, E>;

template <class E>
using Unexpected = tl::unexpected<E>;

}  // namespace ollama_bench
