echo data > >(sed 's/^/got /' > out; echo done > flag)
while [ ! -s flag ]; do sleep 0.05; done
cat out
