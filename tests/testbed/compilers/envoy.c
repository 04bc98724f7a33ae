/* Stands for Envoy: small, but really compiled, really for ARM64, and able to say what it is. */
#include <stdio.h>
#include <string.h>

#ifndef VERSION
#error "VERSION has to be defined"
#endif

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "--version") == 0) {
        printf("envoy  version: %s/%s/%s\n", VERSION, BUILD_CONFIG, MEMORY_ALLOCATOR);
        return 0;
    }
    fprintf(stderr, "usage: %s --version\n", words[0]);
    return 1;
}
