echo a b c | xargs
echo a b c | xargs -n1 echo x
printf 'a b\nc\n' | xargs -I{} echo '[{}]'
printf 'a b\0c' | xargs -0 -n1 echo
printf "'q r' \"s t\" u\\ v\n" | xargs -n1
printf '' | xargs echo ran; printf '' | xargs -r echo ran
printf '1\n2\n3\n' | xargs -L2 echo
printf 'a,b,c' | xargs -d, -n2 echo
echo 1 2 | xargs -t echo 2>&1
echo a | xargs false; echo $?
echo a | xargs sh -c 'exit 255' 2>/dev/null; echo $?
echo a | xargs nosuchcommand 2>/dev/null; echo $?
printf '%s\n' 1 2 3 4 | xargs -P2 -n1 sh -c 'echo $0' | sort
echo "it's" | xargs 2>/dev/null; echo $?
