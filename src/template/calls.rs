//! Calling: macros, and whatever else a name in front of parentheses can be.
//!
//! Owns macros and how Jinja binds their arguments. Functions and methods are handed to their own files.

use std::rc::Rc;

use minijinja::machinery::ast;

use super::arguments::Arguments;
use super::fault::{Fault, Outcome};
use super::functions;
use super::methods;
use super::output::Output;
use super::scope::Scope;
use super::statements::Run;
use super::value::Value;
use super::walk::{Node, walk_all};

/// Calls within calls beyond this are endless.
const DEEPEST: usize = 48;

pub struct Macro<'t> {
    declared: &'t ast::Macro<'t>,
    scope: Rc<Scope>,
    uses_caller: bool,
    uses_varargs: bool,
    uses_kwargs: bool,
}

impl<'t> Run<'t> {
    pub fn declare(&mut self, declared: &'t ast::Macro<'t>, scope: &Rc<Scope>) -> Value {
        let mut made = Macro {
            declared,
            scope: Rc::clone(scope),
            uses_caller: false,
            uses_varargs: false,
            uses_kwargs: false,
        };
        walk_all(&declared.body, &mut |node| {
            if let Node::Expression(ast::Expr::Var(name)) = node {
                made.uses_caller |= name.id == "caller";
                made.uses_varargs |= name.id == "varargs";
                made.uses_kwargs |= name.id == "kwargs";
            }
        });
        self.macros.push(made);
        Value::Macro(self.macros.len() - 1)
    }

    pub fn call(&mut self, callee: &Value, arguments: Arguments) -> Outcome<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::unsupported(format!(
                "more than {DEEPEST} calls within each other"
            )));
        }
        let tripped = std::mem::replace(&mut self.trips, matches!(callee, Value::Loop(_)));
        let result = match callee {
            Value::Macro(number) => self.call_macro(*number, arguments),
            Value::Loop(this) => {
                let [items] = arguments.bind(["iterable"])?;
                let Some((each, scope)) = this
                    .recursion
                    .and_then(|number| self.recursions.get(number).cloned())
                else {
                    return Err(Fault::new("the loop is not `recursive`"));
                };
                let mut output = Output::default();
                let place = (this.depth() + 1, this.recursion);
                self.each(each, &items.required()?.defined()?, &scope, place, &mut output)?;
                output.joined()
            }
            Value::Function(name) => functions::call(name, arguments.defined()?),
            Value::Joiner(joiner) => {
                arguments.none()?;
                Ok(Value::Text(if joiner.used.replace(true) {
                    Rc::clone(&joiner.separator)
                } else {
                    Rc::from("")
                }))
            }
            Value::Method(bound) => methods::call(&bound.0, &bound.1, arguments.defined()?),
            other => Err(other.misuse("cannot be called")),
        };
        self.depth -= 1;
        self.trips = tripped;
        result
    }

    fn call_macro(&mut self, number: usize, arguments: Arguments) -> Outcome<Value> {
        let Some(found) = self.macros.get(number) else {
            return Err(Fault::new("the macro is gone"));
        };
        let declared = found.declared;
        let (uses_caller, uses_varargs, uses_kwargs) =
            (found.uses_caller, found.uses_varargs, found.uses_kwargs);
        let scope = found.scope.inside();
        let Arguments {
            mut positional,
            mut named,
        } = arguments;
        let rest = positional.split_off(declared.args.len().min(positional.len()));
        let mut take_named = |name: &str| {
            let index = named.iter().position(|(given, _)| given == name)?;
            Some(named.remove(index).1)
        };

        let required = declared.args.len() - declared.defaults.len();
        let mut positional = positional.into_iter();
        for (index, argument) in declared.args.iter().enumerate() {
            let ast::Expr::Var(name) = argument else {
                return Err(Fault::unsupported("such a macro argument"));
            };
            let value = match positional.next().or_else(|| take_named(name.id)) {
                Some(value) => value,
                None if index >= required => self.evaluate(&declared.defaults[index - required], &scope)?,
                None => Value::undefined(format!("the macro argument `{}` is undefined", name.id)),
            };
            scope.set(name.id, value);
        }
        if uses_caller {
            let given = take_named("caller");
            scope.set(
                "caller",
                given.unwrap_or_else(|| Value::undefined("`caller` is undefined")),
            );
        }
        if uses_kwargs {
            let entries = named
                .drain(..)
                .map(|(name, value)| (Value::text(name), value))
                .collect();
            scope.set("kwargs", Value::dict(entries));
        }
        if let Some((name, _)) = named.first() {
            return Err(Fault::new(format!(
                "the macro `{}` has no argument `{name}`",
                declared.name
            )));
        }
        if uses_varargs {
            scope.set("varargs", Value::tuple(rest));
        } else if !rest.is_empty() {
            return Err(Fault::new(format!(
                "the macro `{}` takes at most {} arguments",
                declared.name,
                declared.args.len()
            )));
        }
        let mut output = Output::default();
        self.body(&declared.body, &scope, &mut output)?;
        output.joined()
    }
}
