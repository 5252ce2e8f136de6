# How every target of this project is compiled.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(ollama_bench_options INTERFACE)
target_compile_features(ollama_bench_options INTERFACE cxx_std_20)
target_compile_options(ollama_bench_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
target_compile_definitions(ollama_bench_options INTERFACE OLLAMA_BENCH_VERSION="${PROJECT_VERSION}")
target_include_directories(ollama_bench_options INTERFACE ${PROJECT_SOURCE_DIR}/include)

# GCC 12 sees an overlap in "literal" + std::string where there is none (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(ollama_bench_options INTERFACE -Wno-restrict)
endif()

if(OLLAMA_BENCH_SANITIZE)
  target_compile_options(ollama_bench_options INTERFACE
    -fsanitize=${OLLAMA_BENCH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # GCC 12 sees its own instrumentation as reads of unset memory, in std::regex for one.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(ollama_bench_options INTERFACE -fsanitize=${OLLAMA_BENCH_SANITIZE})
endif()
