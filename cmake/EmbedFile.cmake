# Compiles the bytes of `file` into `target` as a C++ function
#   namespace ollama_bench { std::span<const unsigned char> <function>(); }
# which the target declares where it uses it. The assembler copies the file, so it costs no compile time.
function(ollama_bench_embed target function file)
  set(EMBED_FUNCTION ${function})
  set(EMBED_FILE ${file})
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/embedded/${function}.cpp)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embedded.cpp.in ${generated} @ONLY)
  set_source_files_properties(${generated} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${generated})
endfunction()
