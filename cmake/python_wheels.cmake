# Building interfaces against the ROS 2 Python wheels in a virtual environment. On an ordinary
# ROS 2 installation neither function changes anything.

# The targets that the wheels export name the include directories of the machine that built them,
# and CMake refuses imported targets whose include directories do not exist.
function(rlzero_drop_missing_include_dirs)
  get_directory_property(targets IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(dirs ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(NOT dirs)
      continue()
    endif()
    set(kept "")
    foreach(dir IN LISTS dirs)
      # Generator expressions are resolved later and cannot be tested here.
      if(dir MATCHES "\\$<" OR EXISTS "${dir}")
        list(APPEND kept "${dir}")
      endif()
    endforeach()
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${kept}")
  endforeach()
endfunction()

# CMake refuses to export targets with include directories inside the source tree, and numpy's are
# there when the virtual environment is. They are needed for building only: whoever builds on our
# messages finds numpy for itself.
function(rlzero_keep_source_include_dirs_private)
  get_directory_property(targets BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(dirs ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(NOT dirs)
      continue()
    endif()
    set(wrapped "")
    foreach(dir IN LISTS dirs)
      string(FIND "${dir}" "${CMAKE_CURRENT_SOURCE_DIR}/" position)
      if(position EQUAL 0)
        list(APPEND wrapped "$<BUILD_INTERFACE:${dir}>")
      else()
        list(APPEND wrapped "${dir}")
      endif()
    endforeach()
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${wrapped}")
  endforeach()
endfunction()

# Deferred to the end of CMakeLists.txt, when every target exists.
cmake_language(DEFER CALL rlzero_drop_missing_include_dirs)
cmake_language(DEFER CALL rlzero_keep_source_include_dirs_private)
