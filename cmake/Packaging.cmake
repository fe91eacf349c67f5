# `cpack -G DEB` in the build folder of the release preset, or scripts/package: a Debian package with the program, a systemd
# unit, a man page, shell completions and a configuration that observes. cmake/package holds its files.
set(PACKAGE_FILES ${CMAKE_SOURCE_DIR}/cmake/package)
set(PACKAGE_MADE ${CMAKE_BINARY_DIR}/package)

# The completions come out of the program itself.
foreach(SHELL bash zsh fish)
  add_custom_command(OUTPUT ${PACKAGE_MADE}/pgconcord.${SHELL}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PACKAGE_MADE}
    COMMAND $<TARGET_FILE:pgconcord> completion ${SHELL} > ${PACKAGE_MADE}/pgconcord.${SHELL}
    DEPENDS pgconcord VERBATIM)
endforeach()
add_custom_command(OUTPUT ${PACKAGE_MADE}/pgconcord.1.gz ${PACKAGE_MADE}/NEWS.gz
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PACKAGE_MADE}
  COMMAND gzip -9nc ${PACKAGE_FILES}/pgconcord.1 > ${PACKAGE_MADE}/pgconcord.1.gz
  COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/CHANGELOG.md > ${PACKAGE_MADE}/NEWS.gz
  DEPENDS ${PACKAGE_FILES}/pgconcord.1 ${CMAKE_SOURCE_DIR}/CHANGELOG.md VERBATIM)
add_custom_target(package_files DEPENDS ${PACKAGE_MADE}/pgconcord.bash ${PACKAGE_MADE}/pgconcord.zsh
  ${PACKAGE_MADE}/pgconcord.fish ${PACKAGE_MADE}/pgconcord.1.gz)

install(TARGETS pgconcord RUNTIME DESTINATION bin)
install(FILES ${PACKAGE_MADE}/pgconcord.bash DESTINATION share/bash-completion/completions RENAME pgconcord)
install(FILES ${PACKAGE_MADE}/pgconcord.zsh DESTINATION share/zsh/vendor-completions RENAME _pgconcord)
install(FILES ${PACKAGE_MADE}/pgconcord.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${PACKAGE_MADE}/pgconcord.1.gz DESTINATION share/man/man1)
install(FILES ${PACKAGE_FILES}/copyright ${PACKAGE_MADE}/NEWS.gz DESTINATION share/doc/pgconcord)
install(FILES ${PACKAGE_FILES}/pgconcord.service DESTINATION /lib/systemd/system)
install(FILES ${PACKAGE_FILES}/pgconcord.yaml DESTINATION /etc/pgconcord)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pgconcord)
set(CPACK_PACKAGE_CONTACT "pgconcord authors <pgconcord@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "PostgreSQL proxy that counts integrity violations")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"pgconcord stands between applications and a PostgreSQL server. It counts every
 integrity violation per constraint and, where a policy says so, runs a failing
 INSERT as INSERT ... ON CONFLICT. Everything else passes through unchanged.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)  # /etc and /lib are outside the prefix
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PACKAGE_FILES}/postinst ${PACKAGE_FILES}/prerm ${PACKAGE_FILES}/postrm
  ${PACKAGE_FILES}/conffiles)
include(CPack)
