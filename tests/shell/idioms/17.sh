mkdir -p q && cd q && touch {1..3}.log && for f in *.log; do mv "$f" "${f%.log}.txt"; done; ls
