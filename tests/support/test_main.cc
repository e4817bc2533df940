#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>

// Takes the locale of the environment, as a library inside the process might.
int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
