# A layer is a folder of src/ and a static library. It sees the headers of all layers, but links,
# and so can use, only those it names.
function(ollama_bench_layer name)
  cmake_parse_arguments(ARG "" "" "LAYERS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(ollama_bench_${name} STATIC ${sources})
  list(TRANSFORM ARG_LAYERS PREPEND ollama_bench_)
  target_link_libraries(ollama_bench_${name}
    PUBLIC ollama_bench_options ${ARG_LAYERS}
    PRIVATE ${ARG_LIBRARIES})
endfunction()
