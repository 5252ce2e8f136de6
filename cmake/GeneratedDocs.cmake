# The program writes its manual page and completions itself, from the description of its command
# line, so they cannot say anything else than --help. Not where the program cannot run.
function(ollama_bench_install_docs)
  if(CMAKE_CROSSCOMPILING)
    message(STATUS "Cross compiling: no manual page, no completions")
    return()
  endif()
  set(folder ${PROJECT_BINARY_DIR}/share)
  file(MAKE_DIRECTORY ${folder})
  set(files)
  set(commands)
  foreach(pair man:ollama-bench.1 bash:ollama-bench zsh:_ollama-bench fish:ollama-bench.fish)
    string(REPLACE ":" ";" parts ${pair})
    list(GET parts 0 kind)
    list(GET parts 1 name)
    list(APPEND commands COMMAND ollama_bench documentation ${kind} > ${folder}/${name})
    list(APPEND files ${folder}/${name})
  endforeach()
  # With the program, so that whoever has built that alone can install it.
  add_custom_command(TARGET ollama_bench POST_BUILD ${commands} BYPRODUCTS ${files} VERBATIM)
  install(FILES ${folder}/ollama-bench.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${folder}/ollama-bench
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${folder}/_ollama-bench DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${folder}/ollama-bench.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endfunction()
