echo a; echo b ; echo c
{ echo d; }; { echo e
}
if true
then echo f
fi; for i in 1
do
echo g
done
while false; do :; done; echo h &
wait
