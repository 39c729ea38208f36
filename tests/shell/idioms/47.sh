true && { echo a; false; } || echo b; ! true || echo c; if true && ! false; then echo d; fi
