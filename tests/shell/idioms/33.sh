x=1; { x=2; }; echo $x; ( x=3 ); echo $x; echo 4 | { read x; echo $x; }; echo $x
