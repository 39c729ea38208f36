printf '%q\n' 'a b' "it's" '' '$x' $'a\nb' '~x' 'a;b'
