# bytes.cmake - a file's bytes as the inside of a C array: cmake -DIN=FILE -DOUT=FILE -P bytes.cmake
file(READ "${IN}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE "${OUT}" "${bytes}\n")
