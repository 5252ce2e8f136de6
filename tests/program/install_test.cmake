# Installs BUILD into PREFIX and looks at what is there.

# All that is installed from BUILD comes with the target of the program alone, as quickstart.sh
# builds it.
if(NINJA)
  execute_process(COMMAND ${NINJA} -C ${BUILD} -t commands ollama_bench OUTPUT_VARIABLE made)
  file(READ ${BUILD}/src/cmake_install.cmake installed)
  string(REGEX MATCHALL "\"${BUILD}/share/[^\"]+\"" files "${installed}")
  if(NOT files)
    message(FATAL_ERROR "no generated file is installed from ${BUILD}/share")
  endif()
  foreach(file ${files})
    string(REPLACE "\"" "" file "${file}")
    string(FIND "${made}" "> ${file}" found)
    if(found EQUAL -1)
      message(FATAL_ERROR "the target ollama_bench does not make ${file}")
    endif()
  endforeach()
endif()

file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX}
  RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE said)
if(failed)
  message(FATAL_ERROR "install: ${said}")
endif()

foreach(file
    bin/ollama-bench
    share/man/man1/ollama-bench.1
    share/bash-completion/completions/ollama-bench
    share/zsh/site-functions/_ollama-bench
    share/fish/vendor_completions.d/ollama-bench.fish
    share/ollama-bench/configs/quick.yaml
    share/ollama-bench/configs/default.yaml
    share/ollama-bench/configs/large-context.yaml
    share/ollama-bench/grafana/ollama-bench.json
    share/doc/ollama-bench/README.md
    share/doc/ollama-bench/LICENSE)
  if(NOT EXISTS ${PREFIX}/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

execute_process(COMMAND ${PREFIX}/bin/ollama-bench --version RESULT_VARIABLE failed OUTPUT_QUIET)
if(failed)
  message(FATAL_ERROR "the installed program does not run: ${failed}")
endif()

# Completes "ollama-bench he", "ollama-bench heatmap --me" and the values of --metric as bash would.
find_program(bash bash)
if(bash)
  execute_process(COMMAND ${bash} -c [=[
    source "$1"
    complete_words() {
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
      _ollama_bench; echo "${COMPREPLY[*]}"
    }
    complete_words ollama-bench he
    complete_words ollama-bench heatmap --me
    complete_words ollama-bench heatmap --metric ev
  ]=] bash ${PREFIX}/share/bash-completion/completions/ollama-bench OUTPUT_VARIABLE completed)
  if(NOT completed STREQUAL "heatmap\n--metric\neval_rate\n")
    message(FATAL_ERROR "bash completes otherwise: ${completed}")
  endif()
endif()

# groff warns of what it cannot print.
find_program(groff groff)
if(groff)
  execute_process(COMMAND ${groff} -man -Tutf8 -ww -z ${PREFIX}/share/man/man1/ollama-bench.1
    ERROR_VARIABLE warnings)
  if(warnings)
    message(FATAL_ERROR "groff: ${warnings}")
  endif()
endif()
