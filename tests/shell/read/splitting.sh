echo 'a b c d' | { read -r x y; echo "$x|$y"; }
echo ' a  b ' | { read -r x y z; echo "$x|$y|$z|"; }
echo 'a,b,,c,' | { IFS=, read -r w x y z; echo "$w|$x|$y|$z|"; }
echo 'a\ b c' | { read x y; echo "$x|$y"; }
