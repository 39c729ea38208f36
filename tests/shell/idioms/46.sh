i=0; i=$((i++ + ++i)); echo $i; let i+=5; echo $i; ((i%=4)); echo $i
