mkdir -p a/b/c .h/i; touch a/f a/b/g a/b/c/h .h/i/j top
shopt -s globstar
echo **
echo **/
echo a/**/[gh]
echo **/c/* ***
shopt -s dotglob; echo **/j
