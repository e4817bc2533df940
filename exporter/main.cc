#include "exporter/commands.h"

int main(int argc, char** argv) { return usage::run_command(argc, argv); }
