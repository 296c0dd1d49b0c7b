# cmake --install BUILD [--prefix DIR]: a Pamoja that stands alone. The programs find share/pamoja beside their bin.
include(GNUInstallDirs)
install(TARGETS pamoja pamojad pamoja-carry pamoja-gate pamoja-pdf RUNTIME DESTINATION bin)
install(DIRECTORY conf/kinds conf/mappings conf/notices conf/profiles conf/words conf/completion conf/host DESTINATION share/pamoja USE_SOURCE_PERMISSIONS)
install(FILES conf/retention.ini DESTINATION share/pamoja)
install(FILES conf/practice.jsonl DESTINATION share/pamoja)
file(GLOB pages RELATIVE ${CMAKE_SOURCE_DIR}/conf/man CONFIGURE_DEPENDS conf/man/*.[1-8] conf/man/*/*.[1-8])
foreach(page ${pages})
  get_filename_component(language "${page}" DIRECTORY)
  string(REGEX REPLACE ".*\\." "" section "${page}")
  install(FILES conf/man/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/${language}/man${section})
endforeach()

# The prefix is known only now: the units name the programs where they were put.
install(CODE "set(units \"${CMAKE_SOURCE_DIR}/conf/systemd\")")
install(CODE [[
  get_filename_component(bin "${CMAKE_INSTALL_PREFIX}/bin" ABSOLUTE)
  foreach(unit pamojad pamoja-carry)
    file(READ "${units}/${unit}.service" text)
    string(REPLACE "/usr/local/bin/" "${bin}/" text "${text}")
    set(to "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/user/${unit}.service")
    message(STATUS "Installing: ${to}")
    file(WRITE "${to}" "${text}")
  endforeach()
]])

# Completions are what the installed program prints of the installed kinds.
install(CODE [[
  foreach(pair bash=bash-completion/completions/pamoja zsh=zsh/site-functions/_pamoja fish=fish/vendor_completions.d/pamoja.fish)
    string(REPLACE "=" ";" pair "${pair}")
    list(GET pair 0 shell)
    list(GET pair 1 file)
    set(to "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/${file}")
    get_filename_component(folder "${to}" DIRECTORY)
    file(MAKE_DIRECTORY "${folder}")
    message(STATUS "Installing: ${to}")
    execute_process(COMMAND "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/bin/pamoja" --home /nonexistent completion ${shell}
      OUTPUT_FILE "${to}" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
]])
