/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Finds files that do not name their licence. Plain C and WASI: what a step needs of greenroom are
 * its arguments and two files. Built by
 *   clang --target=wasm32-wasip1 -Os -Wl,--strip-all -o licence.wasm licence.c
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINES = 10, LENGTH = 4096, DEPTH = 32 };

static long files, missing;

/* Writes a string as JSON. */
static void quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", *text);
        else
            putc(*text, out);
    }
    putc('"', out);
}

static void annotate(const char *path)
{
    const char *name = getenv("GREENROOM_ANNOTATIONS");
    FILE *out = name ? fopen(name, "a") : NULL;
    if (!out)
        return;
    fprintf(out, "{\"level\":\"error\",\"title\":\"no licence\",\"line\":1,"
                 "\"message\":\"the file does not name its licence\",\"file\":");
    quoted(out, path);
    fprintf(out, "}\n");
    fclose(out);
}

static void fail(const char *path)
{
    perror(path);
    exit(1);
}

static void check_file(const char *path, const char *header)
{
    char line[LENGTH];
    int found = 0;
    FILE *in = fopen(path, "r");
    if (!in)
        fail(path);
    for (int i = 0; i < LINES && !found && fgets(line, sizeof line, in); i++)
        found = strstr(line, header) != NULL;
    fclose(in);
    files++;
    if (!found) {
        missing++;
        annotate(path);
        printf("%s: no %s\n", path, header);
    }
}

static int ends_with(const char *text, const char *suffix)
{
    size_t a = strlen(text), b = strlen(suffix);
    return a >= b && !strcmp(text + a - b, suffix);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void check(const char *path, const char *header, const char *suffix, int depth)
{
    struct stat about;
    struct dirent **entries;
    if (stat(path, &about))
        fail(path);
    if (!S_ISDIR(about.st_mode)) {
        if (depth == 0 || ends_with(path, suffix))
            check_file(path, header);
        return;
    }
    if (depth > DEPTH)
        return;
    int count = scandir(path, &entries, NULL, by_name);
    if (count < 0)
        fail(path);
    for (int i = 0; i < count; i++) {
        char below[LENGTH];
        if (entries[i]->d_name[0] != '.') {
            snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
            check(below, header, suffix, depth + 1);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: licence OUTPUT_FILE HEADER SUFFIX PATHS\n");
        return 2;
    }
    /* An array arrives as JSON; paths with quotes or commas in them are not for this step. */
    for (char *path = strtok(argv[4], "[],\""); path; path = strtok(NULL, "[],\""))
        check(path, argv[2], argv[3], 0);
    FILE *out = fopen(argv[1], "a");
    if (!out)
        fail(argv[1]);
    fprintf(out, "{\"name\":\"files\",\"value\":%ld}\n{\"name\":\"missing\",\"value\":%ld}\n",
            files, missing);
    if (fclose(out))
        fail(argv[1]);
    printf("%ld files, %ld without a licence\n", files, missing);
    return missing > 0;
}
