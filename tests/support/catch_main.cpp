// The one file that pays for Catch2's main (8 s of compile time).
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
