# That check.cmake passes a tree in which all is right, and finds each thing that may be wrong.
#   cmake -DFOLDER=EMPTY_FOLDER -P check_test.cmake
set(tree ${FOLDER}/tree)

# Two layers: `high` may use `low`.
function(make_tree)
  file(REMOVE_RECURSE ${tree})
  file(WRITE ${tree}/cmake/Layers.cmake [[
set(OLLAMA_BENCH_LAYERS low high cli)
set(OLLAMA_BENCH_low_USES)
set(OLLAMA_BENCH_high_USES low)
set(OLLAMA_BENCH_cli_USES high)
]])
  file(WRITE ${tree}/include/ollama_bench/low/word.h "#include \"ollama_bench/low/part.h\"\n")
  file(WRITE ${tree}/include/ollama_bench/low/part.h "#include <string>\n")
  file(WRITE ${tree}/src/low/word.cpp "#include \"ollama_bench/low/word.h\"\n#include \"own.h\"\n")
  file(WRITE ${tree}/src/low/own.h "#pragma once\n")
  file(WRITE ${tree}/include/ollama_bench/high/act.h "#include \"ollama_bench/low/word.h\"\n")
  file(WRITE ${tree}/include/ollama_bench/cli/program.h "#pragma once\n")
  file(WRITE ${tree}/src/cli/program.cpp "#include \"ollama_bench/high/act.h\"\n")
  file(WRITE ${tree}/src/main.cpp "#include \"ollama_bench/cli/program.h\"\n")
endfunction()

# Runs the check; `said` is a part of what it must report, or empty where all is right.
function(expect said)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${tree} -P ${CMAKE_CURRENT_LIST_DIR}/check.cmake
    RESULT_VARIABLE result ERROR_VARIABLE report OUTPUT_QUIET)
  if(said STREQUAL "")
    if(result)
      message(FATAL_ERROR "refused what is right:\n${report}")
    endif()
    return()
  endif()
  string(FIND "${report}" "${said}" found)
  if(NOT result OR found EQUAL -1)
    message(FATAL_ERROR "did not report \"${said}\":\n${report}")
  endif()
endfunction()

# That the tree with `line` at the end of `file` is refused.
function(refuses file line said)
  make_tree()
  file(APPEND ${tree}/${file} "${line}")
  expect("${said}")
endfunction()

make_tree()
expect("")

refuses(src/low/own.h "#include \"ollama_bench/high/act.h\"\n"
  "src/low/own.h includes ollama_bench/high/act.h: low may not use high")

refuses(src/main.cpp "#include \"ollama_bench/low/word.h\"\n"
  "src/main.cpp includes ollama_bench/low/word.h: main may not use low")

make_tree()
file(WRITE ${tree}/include/ollama_bench/low/alone.h "#pragma once\n")
file(APPEND ${tree}/src/low/word.cpp "#include \"ollama_bench/low/alone.h\"\n")
expect("include/ollama_bench/low/alone.h is used by no other layer")

refuses(src/cli/program.cpp "#include \"own.h\"\n"
  "src/cli/program.cpp includes own.h, which is not in src/cli")

refuses(src/cli/program.cpp "#include \"../low/own.h\"\n"
  "src/cli/program.cpp includes ../low/own.h: a header is named as")

refuses(include/ollama_bench/low/word.h "#include \"own.h\"\n"
  "a public header includes none that is private")

refuses(src/low/own.h "#include \"ollama_bench/low/gone.h\"\n"
  "which does not exist")

make_tree()
file(WRITE ${tree}/src/other/other.cpp "")
expect("src/other is no layer")

refuses(cmake/Layers.cmake "set(OLLAMA_BENCH_cli_USES high low)\n"
  "cli may use low and does not")

refuses(cmake/Layers.cmake "set(OLLAMA_BENCH_low_USES cli)\n"
  "low uses cli, which does not stand before it")

foreach(line "std::fprintf(stderr, text)" "fmt::print(text)" "std::exit(1)" "std::cout << text")
  refuses(src/low/word.cpp "${line}\n" "src/low/word.cpp prints or ends the program")
endforeach()
