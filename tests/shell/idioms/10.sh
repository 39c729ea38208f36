d=$(dirname /a/b/c); b=$(basename /a/b/c.txt .txt); echo $d $b
