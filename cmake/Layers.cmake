# The layers, each after those it may use: folders of src/ and include/ollama_bench/. Linked by
# src/CMakeLists.txt; every #include is checked against it by tests/layers/check.cmake.
set(OLLAMA_BENCH_LAYERS
  core process config plan store workload sweep machine ollama analysis search render export
  report session cli)

set(OLLAMA_BENCH_core_USES)
set(OLLAMA_BENCH_process_USES core)
set(OLLAMA_BENCH_config_USES core)
set(OLLAMA_BENCH_plan_USES core)
set(OLLAMA_BENCH_store_USES core)
set(OLLAMA_BENCH_workload_USES core)
set(OLLAMA_BENCH_sweep_USES core plan store workload)
set(OLLAMA_BENCH_machine_USES core process sweep)
set(OLLAMA_BENCH_ollama_USES core process workload)
set(OLLAMA_BENCH_analysis_USES core)
set(OLLAMA_BENCH_search_USES core plan analysis)
set(OLLAMA_BENCH_render_USES core analysis)
set(OLLAMA_BENCH_export_USES core store analysis)
set(OLLAMA_BENCH_report_USES core store analysis render)
set(OLLAMA_BENCH_session_USES
  core process config plan store workload sweep machine ollama analysis search render export report)
set(OLLAMA_BENCH_cli_USES
  core process config plan store sweep machine ollama analysis search render export report session)

# A layer is a static library. It sees the headers of all layers, but links only those it may use.
function(ollama_bench_layer name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(ollama_bench_${name} STATIC ${sources})
  list(TRANSFORM OLLAMA_BENCH_${name}_USES PREPEND ollama_bench_ OUTPUT_VARIABLE layers)
  target_link_libraries(ollama_bench_${name}
    PUBLIC ollama_bench_options ${layers}
    PRIVATE ${ARG_LIBRARIES})
endfunction()

# Lets `target`, a test or a benchmark, include the private headers of layers.
function(ollama_bench_private_headers target)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/src/ OUTPUT_VARIABLE folders)
  target_include_directories(${target} PRIVATE ${folders})
endfunction()
