# One interface target with the warnings every target of ours is built with. -Werror is the presets' business.
add_library(pgconcord_warnings INTERFACE)
target_compile_options(pgconcord_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wswitch-enum -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-align -Woverloaded-virtual -Wnull-dereference -Wdouble-promotion)
target_include_directories(pgconcord_warnings INTERFACE ${CMAKE_SOURCE_DIR})
