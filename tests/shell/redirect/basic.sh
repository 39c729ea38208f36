echo one > f; echo two >> f; cat f
cat < f
echo err >&2 2> g; cat g
{ echo a; echo b >&2; } > out 2> err; cat out err
{ echo a; echo b >&2; } > both 2>&1; cat both
{ echo a; echo b >&2; } &> both2; cat both2
{ echo c; echo d >&2; } &>> both2; cat both2
