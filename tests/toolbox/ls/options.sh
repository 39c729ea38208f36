mkdir -p d/e && echo 123 > d/f && touch d/.h && ln -s f d/l && chmod 754 d/f
ls d; ls -a d; ls -A d; ls -1r d; ls -F d; ls -p d; ls -d d; ls -R d
ls -l d | awk '{print $1, $3, $4, $5, $9, $10, $11}'
ls -lh d/f | awk '{print $5}'
touch -d '2001-02-03 04:05' d/f; ls -l d/f | awk '{print $6, $7, $8}'; ls -l --time-style=long-iso d/f | awk '{print $6, $7}'
touch -d 2020-01-01 d/f; touch -d 2021-01-01 d/e; ls -t d | tail -1; ls -S d | head -1
ls -m d; ls -C d | cat
ls nofile 2>&1; echo $?; ls d nofile 2>/dev/null; echo $?
ls --zork 2>/dev/null; echo $?
