seq 3 | tr '\n' , > f & wait $!; cat f; echo
(seq 2; seq 3) | wc -l & wait
