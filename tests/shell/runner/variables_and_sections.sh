export CI_PROJECT_DIR=$PWD CI_JOB_NAME='build: x' CI_COMMIT_REF_SLUG=main
echo "section_start:$(date +%s | tr '[:digit:]' 0 | cut -c1-3):name[collapsed=true]"
mkdir -p build/out && cd build && echo "$CI_JOB_NAME on ${CI_COMMIT_REF_SLUG:-none}" > out/info.txt && cd ..
cat build/out/info.txt
if [ "$CI_COMMIT_REF_SLUG" = "main" ] || [ "${FORCE:-}" = "1" ]; then echo deploying; fi
for f in build/out/*.txt; do echo "${f##*/}: $(wc -l < "$f" | tr -d ' ') line(s)"; done
VERSION=$(echo v1.2.3 | sed 's/^v//'); MAJOR=${VERSION%%.*}; echo "$MAJOR ${VERSION#*.}"
[[ "$VERSION" =~ ^([0-9]+)\.([0-9]+) ]] && echo "minor ${BASH_REMATCH[2]}"
